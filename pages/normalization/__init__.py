"""Labs about means, variances and what flows through them."""
