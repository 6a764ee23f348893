"""What every table shares."""

from typing import Any, ClassVar, cast

from sqlalchemy import MetaData, Table
from sqlmodel import SQLModel

# Names for every constraint, so that migrations can name what they change (SQLite leaves them nameless otherwise).
_NAMES = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_name)s_%(referred_table_name)s",
    "pk": "pk_%(table_name)s",
}


class Row(SQLModel):
    """Base of our tables, with metadata of our own: a library's SQLModel tables are none of ours."""

    metadata: ClassVar[MetaData] = MetaData(naming_convention=_NAMES)


def table(model: type[Row]) -> Table:
    """The table of a model, for Core statements."""
    return cast("Table", cast("Any", model).__table__)
