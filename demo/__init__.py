"""The demo company: a small telecom billing database, loaders for other data, and the runner behind `make demo`."""
