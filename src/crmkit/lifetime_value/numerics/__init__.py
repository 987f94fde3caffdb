"""The arithmetic under the models: special functions, quadrature and Newton's method.

Nothing here knows of customers. All of it is the standard library's ``math``, and all of it works
in logarithms where a direct formula would overflow, divide by zero or cancel.
"""
