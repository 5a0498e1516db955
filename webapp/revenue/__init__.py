"""What a partner earns and when, what things cost, and orders as files for spreadsheets."""
