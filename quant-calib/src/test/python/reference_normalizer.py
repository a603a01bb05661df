# SPDX-License-Identifier: Apache-2.0
"""Makes src/test/resources/normalizer/expected.json: texts as the Transformers library normalizes them.

    pip install transformers==5.24.0
    python reference_normalizer.py OUT_FILE

Sentences written for this purpose, and random sequences of the words that numbers are made of.
"""

import json
import random
import sys

from transformers.models.whisper.english_normalizer import BasicTextNormalizer, EnglishTextNormalizer

SPELLINGS = {"colour": "color", "centre": "center", "organise": "organize", "grey": "gray", "theatre": "theater"}

SENTENCES = [
    "", " ", "Hello, World!", "Mr. Smith's colour wasn't grey; it's the theatre's centre.",
    "Let's go, y'all! I'm gonna organise [laughter] something (quietly) nice.",
    "He'd been there and she's got twenty one dollars and fifty cents.",
    "Two and a half million people", "one and a half", "five thousand and a half horses", "and a half of it",
    "the nineteen sixties were the 60s", "nineteen sixty four", "He was born on the twenty first of May, 1999.",
    "one oh one", "double oh seven", "triple nine", "double trouble", "three point one four one five",
    "minus twenty degrees", "plus or minus", "negative five percent", "five per cent of one hundred", "ten per hour",
    "$20 million", "£3.50 and 7 pence", "$2 and ¢7", "two dollars and seven cents", "€0.05", "twenty cents",
    "192 point 168 point 1 point 1", "1,234,567.89", "3.0", "the 2nd, 3rd, and 4th", "1 st place", "B2B and a1b2",
    "one hundred and twenty three thousand four hundred and fifty six", "hundred", "two hundreds", "thousandths",
    "a million to one", "ones and twos", "the sixes", "sixties", "zeroth", "first second third", "six sixes",
    "um, hmm, well... mm", "You won't, can't, shan't, ain't; woulda coulda shoulda", "Dr. St. John, Jr., Esq.",
    "naïve café — Ærøskøbing, Straße, Łódź, þing", "100 % sure, 5% off", "... . .5", "§ 5 & Co. <tag> text",
    "We've said 't was 'bout time, ma'am; they're here, he'll see, I've none.", "ﬁne №5 ½ Ⅷ", "x\u0301y  \t\nz",
    "नमस्ते दुनिया", "日本語のテスト。", "Привет, мир!", "مرحبا بالعالم",
    "ten ten", "eleven twelve", "twenty twenty", "twenty ten", "thirty five hundred", "zero zero", "oh dear",
    "point taken", "point five", "zero point zero five", "one million two hundred thousand and one",
    "nine hundred ninety nine decillion", "five five five one two one two", "+5 -3 €7 ¢9 $", "a$5b", "1.2.3.4",
    "thirty second clip", "the third of two thirds", "twenty-five to-day", "I'd done it; who'd gone? who's gone?",
]


def words():
    n = EnglishTextNormalizer({}).standardize_numbers
    return sorted(n.words) + ["horses", "5", "20", "3.5", "$7", "-2", "1960", "s", "th", "cent", "a", "half", "0"]


def main():
    rng = random.Random(11)
    vocabulary = words()
    common = ["one", "two", "twenty", "hundred", "thousand", "and", "point", "oh", "five", "million", "dollars"]
    texts = list(SENTENCES)
    for _ in range(700):
        count = rng.randint(1, 7)
        texts.append(" ".join(rng.choice(common if rng.random() < 0.5 else vocabulary) for _ in range(count)))
    basic = BasicTextNormalizer()
    english = EnglishTextNormalizer(SPELLINGS)
    cases = []
    for text in texts:
        try:
            cases.append([text, basic(text), english(text)])
        except Exception as e:  # the library fails on a few sequences that no one would say
            print(repr(text), repr(e))
    with open(sys.argv[1], "w", encoding="utf-8") as out:
        out.write('{"spellings":' + json.dumps(SPELLINGS) + ',"cases":[\n')
        out.write(",\n".join(json.dumps(case, ensure_ascii=True) for case in cases))
        out.write("\n]}\n")


main()
