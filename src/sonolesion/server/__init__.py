"""The reading desk: HTTP interface and page over the store, the predictor and the writers.

::

    safety (Host, Origin, token), limits -> routes/ -> store/
                                                   |-> worker_pool -> processes: decode, predict
    desk_reader: a thread that has waiting cases read and jobs worked through

Needs the extra [serve]. The server itself never decodes an upload: that is done in processes that
may die. Research use only.
"""

from __future__ import annotations
