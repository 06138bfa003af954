"""Why a packet does not get there: reasoning over what was observed, without touching anything.

``wire`` knows what a frame can reach, ``walk`` follows a packet from node to node, ``filters``
reads nftables, ``judge`` weighs what they found against real pings.  ``iplab.run.why`` asks the
machine.
"""
