"""trouble that stands until its source says otherwise"""

import sqlalchemy as sa
from alembic import op

revision = '0003'
down_revision = '0002'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column('current_observations', sa.Column('standing', sa.Boolean(), server_default=sa.text('false'), nullable=False))
    op.create_index('ix_current_observations_standing', 'current_observations', ['standing', 'at'], unique=False)


def downgrade() -> None:
    op.drop_index('ix_current_observations_standing', table_name='current_observations')
    op.drop_column('current_observations', 'standing')
