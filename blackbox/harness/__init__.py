"""What the black-box tests are made of: a server process, a RESP connection, scripts, load, faults.

Knows the binary only as a user does: its arguments, what it prints, its ports, its exit code. Holds
none of Groundsill's code.
"""
