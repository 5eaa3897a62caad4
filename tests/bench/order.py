#!/usr/bin/env python3
"""Writes src/order.ld: the functions of the library that run for every message, one after the other
in the order of their calls, from what callgrind saw of the kit's client.

    valgrind --tool=callgrind --callgrind-out-file=small client_interim -b 2 URL/small 500 1
    order.py 500 small fresh ... >src/order.ld

The first argument is the number of operations of each run: what was called less often is no part of
one. Names that are gone do no harm, and those that are missing are where they always were.
"""
import re
import sys

LIBRARY = ('libinterim.so', '???')  # callgrind does not know whose a section of another name is


def read(path):
    """The calls of each function, in the order of its text, and whose functions are the library's."""
    names, calls, where = {}, {}, {}
    caller = called = None
    at = called_at = ''
    for line in open(path, encoding='utf-8'):
        kind, _, rest = line.rstrip('\n').partition('=')
        if kind in ('ob', 'cob', 'fn', 'cfn'):
            number, _, name = rest.partition(' ')
            key = (kind[-2:], number)
            names[key] = name or names[key]
        if kind == 'ob':
            at = names[key]
        elif kind == 'cob':
            called_at = names[key]
        elif kind == 'fn':
            caller, called_at = names[key], at
            where[caller] = at
        elif kind == 'cfn':
            called = names[key]
            where.setdefault(called, called_at)
        elif kind == 'calls':
            calls.setdefault(caller, []).append((called, int(rest.split()[0])))
            called_at = at
    return calls, {name for name, place in where.items() if any(word in place for word in LIBRARY)}


def visit(name, calls, own, count, seen):
    seen.add(name)
    if name in own:
        function = re.split(r"[.']", name)[0]
        if function not in order and not function.startswith('0x'):
            order.append(function)
    for called, times in calls.get(name, []):
        if times >= count and called not in seen:
            visit(called, calls, own, count, seen)


order = []
often = int(sys.argv[1]) // 2  # the first of all calls goes by way of the loader
sys.setrecursionlimit(10000)
for path in sys.argv[2:]:
    calls, own = read(path)
    seen = set()
    for caller in [name for name in calls if name not in own]:
        for called, times in calls[caller]:
            if called in own and times >= often and called not in seen:
                visit(called, calls, own, often, seen)
print('/* Made by tests/bench/order.py, which tells how: what runs for every message lies together. */')
print('SECTIONS\n{\n  .text.ordered :\n  {')
for function in order:
    print(f'    *(.text.{function} .text.{function}.*)')
print('  }\n}\nINSERT BEFORE .text;')
