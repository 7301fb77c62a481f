# dos
