"""An emulator of Supabase's REST API (PostgREST) over a small dataset in memory, for reading and for faults.

It knows select (plain columns), filters (column=op.value and and=(…), or=(…)), order, limit, offset, Prefer: count,
Accept-Profile, the root's description, the four kinds of keys, and PostgREST's errors. It writes nothing.
"""
