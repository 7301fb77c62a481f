#!/usr/bin/env python3
"""Runs one of our own checks over the tree, or its self-test: each bad sample caught, each good one let through.

usage: own.py NAME SRCDIR | own.py NAME --selftest"""
import importlib
import sys

import source


def selftest(check):
    wrong = [f"{path}: not caught: {text!r}" for path, text in check.BAD if not check.check(source.Source(path, text))]
    wrong += [found for path, text in check.GOOD for found in check.check(source.Source(path, text))]
    return wrong


def main(name, where):
    check = importlib.import_module(f"check_{name}")
    if where == "--selftest":
        findings = selftest(check)
    else:
        ends = getattr(check, "ENDS", (".c", ".h", ".def", ".py"))
        chosen = source.paths(where, lambda p: p.endswith(ends))
        findings = [f for p in chosen for f in check.check(source.read(where, p))]
    print(*findings, sep="\n", end="\n" if findings else "")
    return 1 if findings else 0


sys.exit(main(*sys.argv[1:3]))
