"""The course, run: each of its statements an experiment that ends in a picture and a verdict.

An experiment is one file here, named as its file in `conf/experiment/`: a pure function `run(*, settings)`
that returns a Finding, whose docstring states the rule of the verdict. The rest of this room runs them:
finding.py is what they return, command.py the command, processes.py where they run, keys.py what their
numbers depend on, page.py the page.
"""
