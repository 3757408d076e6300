"""What people and programs read: each view turns one kind of value into text."""
