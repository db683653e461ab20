"""Prints golden.inc: personnummer and IBAN as python-stdnum (https://arthurdejong.org/python-stdnum)
judges them.  To make it anew: pip install python-stdnum==2.2; python3 golden.py > golden.inc

The personnummer are in the birth numbers that Skatteverket gives out for tests (238, 239, 980-999);
the account numbers have banks made of zeros and the letter X, which do not exist.
"""

import random
import re

from stdnum import iban, luhn
from stdnum.se import personnummer

random.seed(20261123)


def row(raw, canonical):
    print('\t{ "%s", %s },' % (raw, '"%s"' % canonical if canonical else 'NULL'))


def wrong(number):
    """The same with one digit changed."""
    at = random.choice([i for i, c in enumerate(number) if c.isdigit()])
    return number[:at] + str((int(number[at]) + random.randrange(1, 10)) % 10) + number[at + 1:]


def judge_personnummer(raw):
    year = int(raw[:4])
    plain = raw.replace('-', '')
    if not 1900 <= year <= 2026:  # what Valv refuses beyond stdnum
        return None
    return plain if personnummer.is_valid(raw) else None


def people():
    for _ in range(60):
        date = '%04d%02d%02d' % (random.randrange(1920, 2026), random.randrange(1, 14),
                                 random.randrange(1, 33))
        number = date + str(random.choice([238, 239, *range(980, 1000)]))
        number += luhn.calc_check_digit(number[2:])
        number = random.choice([number, number[:8] + '-' + number[8:]])
        for raw in (number, wrong(number)):
            if int(raw[4:6]) < 20:
                row(raw, judge_personnummer(raw))


def judge_iban(raw):
    plain = raw.replace(' ', '')
    return plain if iban.is_valid(plain, check_country=False) else None


def accounts():
    with open(iban.__file__[:-7] + 'iban.dat') as lines:
        for line in lines:
            match = re.match(r'([A-Z]{2}) .*bban="(.*)"', line)
            if not match:
                continue
            bban = ''.join({'n': '0', 'a': 'X', 'c': 'X'}[kind] * int(count)
                           for count, kind in re.findall(r'(\d+)!([nac])', match[2]))
            number = match[1] + iban.calc_check_digits(match[1] + '00' + bban) + bban
            spaced = ' '.join(number[i:i + 4] for i in range(0, len(number), 4))
            for raw in (spaced, wrong(number), number[:-1]):
                row(raw, judge_iban(raw))


print('/* Printed by golden.py; not to be edited. */')
print('static const struct golden golden_personnummer[] = {')
people()
print('};\n\nstatic const struct golden golden_iban[] = {')
accounts()
print('};')
