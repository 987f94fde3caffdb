"""For the tests of hosts: what crmkit holds itself to, ready to be run on what a host brings.

:mod:`crmkit.testing.contracts` holds the contract that every store must pass. It needs the extra
``crmkit[testing]``.
"""
