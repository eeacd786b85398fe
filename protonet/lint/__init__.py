"""Known traps in nets and solvers: one rule a file, in the folder of what it looks at.

    net/       a net's file, as it says it
    graph/     a net in one state, with all shapes
    phases/    a net's TRAIN and TEST together
    solver/    a solver's file
    run/       a solver with the nets that it names

A file in one of these folders is found by itself. Torch-free, and nothing here is imported before a
file of that kind is checked.
"""
