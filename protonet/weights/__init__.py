"""Files of weights and solver states, and which blob goes into which parameter."""
