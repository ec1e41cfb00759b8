"""The agents of the workflow, one file each, and the graph that joins them."""
