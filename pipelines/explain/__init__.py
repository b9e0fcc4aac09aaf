"""`afterline explain`: one patient's story, the walk's decisions on it, and what came of them.

Everything here is read: decisions from the mart `line_decisions`, which the walk itself writes, records from
the landing file. No rule is applied again; `words` says in a sentence what each rule asks for.
"""
