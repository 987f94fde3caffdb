"""The tables of a store file, as numbered steps.

All texts stand here in full: no statement is put together, and values come in as parameters only.
Each row carries a checksum, because SQLite notices damage only where it breaks SQLite's own
structure; a flipped bit in a document would otherwise be read as another amount. Column types are
checked by constraints and not by ``STRICT``, so that the file is the same whatever SQLite made it
and can be opened by those before 3.37 too. Texts are compared by code point (``BINARY``).
"""

__all__ = ["APPLICATION_ID", "SCHEMA_VERSION", "STEPS"]

APPLICATION_ID = 0x43524D4B
"""What the header of a store file says it is: ``CRMK`` in ASCII."""

_VERSION_1 = (
    "PRAGMA application_id = 0x43524D4B",
    """
    CREATE TABLE shelf (
        collection TEXT PRIMARY KEY NOT NULL CHECK (typeof(collection) = 'text'),
        floor INTEGER NOT NULL CHECK (typeof(floor) = 'integer'),
        signature TEXT NOT NULL CHECK (typeof(signature) = 'text'),
        checksum INTEGER NOT NULL CHECK (typeof(checksum) = 'integer')
    ) WITHOUT ROWID
    """,
    """
    CREATE TABLE record (
        collection TEXT NOT NULL CHECK (typeof(collection) = 'text'),
        key TEXT NOT NULL CHECK (typeof(key) = 'text'),
        version INTEGER NOT NULL CHECK (typeof(version) = 'integer'),
        document TEXT NOT NULL CHECK (typeof(document) = 'text'),
        checksum INTEGER NOT NULL CHECK (typeof(checksum) = 'integer'),
        PRIMARY KEY (collection, key)
    )
    """,
    """
    CREATE TABLE listing (
        collection TEXT NOT NULL CHECK (typeof(collection) = 'text'),
        listed_by TEXT NOT NULL CHECK (typeof(listed_by) = 'text'),
        entry BLOB NOT NULL CHECK (typeof(entry) = 'blob'),
        key TEXT NOT NULL CHECK (typeof(key) = 'text'),
        checksum INTEGER NOT NULL CHECK (typeof(checksum) = 'integer'),
        PRIMARY KEY (collection, listed_by, entry, key),
        FOREIGN KEY (collection, key) REFERENCES record ON DELETE CASCADE
    ) WITHOUT ROWID
    """,
    "CREATE INDEX listing_of_record ON listing (collection, key)",
    """
    CREATE TABLE entry (
        stream TEXT NOT NULL CHECK (typeof(stream) = 'text'),
        key TEXT NOT NULL CHECK (typeof(key) = 'text'),
        number INTEGER NOT NULL CHECK (typeof(number) = 'integer'),
        document TEXT NOT NULL CHECK (typeof(document) = 'text'),
        checksum INTEGER NOT NULL CHECK (typeof(checksum) = 'integer'),
        PRIMARY KEY (stream, key, number)
    )
    """,
    """
    CREATE TABLE snapshot (
        stream TEXT NOT NULL CHECK (typeof(stream) = 'text'),
        key TEXT NOT NULL CHECK (typeof(key) = 'text'),
        fold TEXT NOT NULL CHECK (typeof(fold) = 'text'),
        length INTEGER NOT NULL CHECK (typeof(length) = 'integer'),
        revision INTEGER NOT NULL CHECK (typeof(revision) = 'integer'),
        document TEXT NOT NULL CHECK (typeof(document) = 'text'),
        checksum INTEGER NOT NULL CHECK (typeof(checksum) = 'integer'),
        PRIMARY KEY (stream, key, fold)
    )
    """,
    """
    CREATE TABLE answer (
        key TEXT PRIMARY KEY NOT NULL CHECK (typeof(key) = 'text'),
        digest TEXT NOT NULL CHECK (typeof(digest) = 'text'),
        at INTEGER NOT NULL CHECK (typeof(at) = 'integer'),
        document TEXT NOT NULL CHECK (typeof(document) = 'text'),
        checksum INTEGER NOT NULL CHECK (typeof(checksum) = 'integer')
    )
    """,
    # AUTOINCREMENT: the number of a message that was handed over is never used again.
    """
    CREATE TABLE message (
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        topic TEXT NOT NULL CHECK (typeof(topic) = 'text'),
        payload TEXT NOT NULL CHECK (typeof(payload) = 'text'),
        checksum INTEGER NOT NULL CHECK (typeof(checksum) = 'integer')
    )
    """,
    "PRAGMA user_version = 1",
)

_VERSION_2 = (
    """
    ALTER TABLE answer ADD COLUMN outcome TEXT NOT NULL DEFAULT 'answered'
        CHECK (outcome IN ('answered', 'refused', 'erased'))
    """,
    "PRAGMA user_version = 2",
)

STEPS: tuple[tuple[str, ...], ...] = (_VERSION_1, _VERSION_2)
"""What leads from one schema version to the next; each step is one transaction."""

SCHEMA_VERSION = len(STEPS)
"""The newest schema version that this release reads and writes."""
