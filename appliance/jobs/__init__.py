"""The jobs room: takes jobs by lanes, does them, writes what became of them; asks for those that the clock wants."""
