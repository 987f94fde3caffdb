"""For the tests of hosts: what crmkit holds itself to, ready to be run on what a host brings.

:mod:`crmkit.testing.contracts` holds the contract that every store must pass, which
:mod:`crmkit.testing.plugin` has pytest run on any store,
:mod:`crmkit.testing.complaint_rules` that of a lifecycle for complaints and its conditions,
:mod:`crmkit.testing.strategies`, :mod:`crmkit.testing.complaints`,
:mod:`crmkit.testing.follow_ups`, :mod:`crmkit.testing.loyalty` and :mod:`crmkit.testing.retention`
make values of crmkit's types for property tests, which :mod:`crmkit.testing.registration` has
``st.from_type`` do for every public class, :mod:`crmkit.testing.vectors` holds published
numbers and known failures, and :mod:`crmkit.testing.tables` mutates tables of
transitions. They need the extra
``crmkit[testing]``.
"""
