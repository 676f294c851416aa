"""What was carried out here of what the ledger records: both cannot be written at once, so what was broken off is told by its absence."""

from uuid import UUID

from sqlalchemy import Column, Engine, String, Table, select

from app.accounts.tables import TABLES, add, transaction

carried_out = Table("carried_out", TABLES, Column("command", String(36), primary_key=True))


class CarriedOut:
    """Knows of which commands nothing is left to do."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def note(self, command_id: UUID) -> None:
        """Nothing is left to do of this command; it can be noted again."""
        with transaction(self._engine) as connection:
            add(connection, carried_out, {"command": str(command_id)})

    def knows(self, command_id: UUID) -> bool:
        """Whether nothing is left to do of a command."""
        asked = select(carried_out.c.command).where(carried_out.c.command == str(command_id))
        with transaction(self._engine) as connection:
            return connection.execute(asked).one_or_none() is not None
