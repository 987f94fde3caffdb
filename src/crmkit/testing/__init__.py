"""For the tests of hosts: what crmkit holds itself to, ready to be run on what a host brings.

:mod:`crmkit.testing.contracts` holds the contract that every store must pass,
:mod:`crmkit.testing.complaint_rules` that of a lifecycle for complaints and its conditions,
:mod:`crmkit.testing.strategies`, :mod:`crmkit.testing.complaints`,
:mod:`crmkit.testing.follow_ups`, :mod:`crmkit.testing.loyalty` and :mod:`crmkit.testing.retention`
make values of crmkit's types for property tests, and :mod:`crmkit.testing.tables` mutates tables of
transitions. They need the extra
``crmkit[testing]``.
"""
