"""Replays of wide tables: many super-nets that all scored one space, a column each.

`scores` reads the table and `index` what each super-net is; `settings` groups super-nets by how they were trained,
`measures` computes the figures of each, `effects`, `top`, `search` and `bias` make the rows of a section each, and
`replay` chooses the sections. `shareornot.report.wide_columns` makes tables of the rows.
"""
