"""What torch and the libraries around it take and return, as tables."""
