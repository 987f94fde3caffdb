"""Put a card into the next parcel of everybody who has reached another tier."""

from typing import Any

from django.core.management.base import BaseCommand

from club.models import Parcel
from club.program import DESK
from crmkit.loyalty import TIER_CHANGED_TOPIC
from crmkit.storage import Message


class Command(BaseCommand):
    """``manage.py pack_cards``; have it run every few minutes."""

    help = __doc__

    def handle(self, *args: Any, **options: Any) -> None:
        """Take the messages that changes of tier have left in the outbox."""
        taken = DESK.store.deliver(pack)
        self.stdout.write(f"{taken} messages")


def pack(message: Message) -> None:
    """Pack one card, however often the message comes: its number is the key of the row."""
    if message.topic == TIER_CHANGED_TOPIC:
        member, before, now = message.payload.split("\n")
        if before:  # Who has just joined gets no card.
            parcel = {"member": member, "text": f"your {now} card"}
            Parcel.objects.get_or_create(message=message.id, defaults=parcel)
