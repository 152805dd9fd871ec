"""How many labelled faults of public code losslint finds, and how often it is wrong there."""
