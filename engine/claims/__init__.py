"""Small measurements that the claims of several labs share."""
