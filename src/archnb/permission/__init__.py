"""What may happen unasked, what is asked, what never happens: knows no tool."""
