"""Floor 5: replays of the paper's tables and statements, from published or own evaluations.

`evaluations` reads the evaluations of super-nets, `published_tables` holds the printed figures, one module per section
computes rows, and `replay` chooses the sections. `shareornot.report.replay_columns` makes tables of the rows.
`wide` replays tables with a column for each super-net, on any space. `fetch` gets what others published.
"""
