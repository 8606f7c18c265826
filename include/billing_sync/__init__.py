"""The core: what a billing document is, what shall become of it in QuickBooks, and why. Standard library only."""
