"""What an edit can be explained by: one module an operator, each from a reading of the change to claims."""
