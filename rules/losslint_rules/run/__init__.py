"""Rules about the run itself; the engine finds these, the pages are here."""
