"""HTTP: QBO's own surface, OAuth, and the control plane."""
