"""The feed: follows the ledger and tells every view, batch by batch, what became of whom; and builds the views again."""

from collections import OrderedDict
from collections.abc import Sequence
from contextlib import closing
from itertools import batched
