"""environments of a story that names several"""

import sqlalchemy as sa
from alembic import op

import storage.columns

revision = '0002'
down_revision = '0001'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table('story_environments',
    sa.Column('story_id', storage.columns.Words(), nullable=False),
    sa.Column('environment', storage.columns.Words(), nullable=False),
    sa.PrimaryKeyConstraint('story_id', 'environment', name=op.f('pk_story_environments')),
    sqlite_with_rowid=False
    )


def downgrade() -> None:
    op.drop_table('story_environments')
