"""The data of the demo company: who it bills, what it sells, three months of invoices, and one document per reason."""
