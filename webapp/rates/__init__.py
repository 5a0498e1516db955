"""Exchange rates: the reference rates of the European Central Bank, as the operator imports them (RULES F9)."""
