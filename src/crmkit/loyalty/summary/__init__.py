"""Records of a program summed up into figures."""
