"""crmkit: customer relationship management as a library that an app embeds.

Your app keeps its own database, web framework and clock; crmkit holds the objects and the policies:
who the customers are, which of them matter, who is slipping away, and why it says so. Data travels
one road, left to right:

    records --summarize(as_of)--> facts --policy--> decision --> new record --> repository

*Records* are what happened (:mod:`crmkit.records`), and money in them is exact
(:mod:`crmkit.money`). *Facts* are records summed up as of a day. A *policy* is a frozen value that
turns facts into a *decision* (:mod:`crmkit.decision`), and a decision carries the evidence it was
made from, met or not. A decision worth keeping becomes a record again, and a store keeps it
(:mod:`crmkit.storage`).

The rooms, each with the same floor plan, are subpackages; :mod:`crmkit.segmentation` is the one to
read first. Importing this package imports none of them: ask for what you need by its module.
"""
