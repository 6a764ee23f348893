"""The words for times, as patterns over lower-case text: each piece alone, and as it stands inside a longer sentence."""

import re

DAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
PARTS = {"morning": (6, 12), "afternoon": (12, 18), "evening": (18, 24), "night": (18, 30)}
SECONDS = {"s": 1, "m": 60, "h": 3600}
NUMBERS = {
    "a": 1,
    "an": 1,
    "one": 1,
    "two": 2,
    "three": 3,
    "four": 4,
    "five": 5,
    "six": 6,
    "seven": 7,
    "ten": 10,
    "few": 3,
    "couple of": 2,
}


TIME = r"(?:noon|midnight|\d{1,2}(?:[:.]\d{2}(?::\d{2})?)?\s?(?:am|pm)|\d{1,2}:\d{2}(?::\d{2})?|at\s\d{1,2}\b(?![:.]\d))"
DAY = (
    "(?:"
    + "|".join(f"{day[:3]}(?:{day[3:]})?" for day in DAYS)
    .replace("tue(?:sday)?", "tue(?:s|sday)?")
    .replace("thu(?:rsday)?", "thu(?:r|rs|rsday)?")
    + ")"
)
MONTH = (
    r"(?:jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?"
    r"|sept?(?:ember)?|oct(?:ober)?|nov(?:ember)?|dec(?:ember)?)"
)
UNIT = r"(?:s|secs?|seconds?|m|mins?|minutes?|h|hrs?|hours?|d|days?|w|wks?|weeks?|months?)"
# With the space that a word needs after it: "and" is no "an d".
NUMBER = r"(?:\d{1,6}(?:\.\d)?\s?|(?:an?|one|two|three|four|five|six|seven|ten|(?:a\s)?few|(?:a\s)?couple\sof)\s)"
DATE = (
    rf"(?:\d{{4}}-\d{{2}}-\d{{2}}|\d{{1,2}}\.\d{{1,2}}\.\d{{4}}|\d{{1,2}}(?:st|nd|rd|th)?\s{MONTH}(?:\s\d{{4}})?"
    rf"|{MONTH}\s\d{{1,2}}(?:st|nd|rd|th)?(?:,?\s\d{{4}})?)"
)
WORD = (
    rf"(?:today|yesterday|the\sday\sbefore\syesterday|tonight|last\snight|overnight|(?:this|yesterday)\s(?:morning|afternoon|evening)"
    rf"|(?:this|last)\s(?:week(?:end)?|month)|the\sweekend|(?:(?:last|this)\s)?{DAY})"
)
AGO = rf"(?:{NUMBER}{UNIT}\sago)"
MOMENT = rf"(?:(?:{DATE}|{WORD}|{AGO})(?:(?:,?\s(?:at\s)?|t){TIME})?|{TIME}(?:\s(?:on\s)?(?:{DATE}|{WORD}))?)(?:z|\sutc\b|\sgmt\b)?"
LATELY = rf"(?:(?:the\s)?(?:last|past)\s(?:{NUMBER})?{UNIT}|{NUMBER}{UNIT})"
SPAN = rf"(?:between\s{MOMENT}\sand\s{MOMENT}|{MOMENT}\s?(?:to|until|till|–|-)\s{MOMENT})"
# Words that make a moment an end, and a beginning.
_ENDS = r"(?:before|until|till|by|up\sto|prior\sto|earlier\sthan|more\sthan)"
_BEGINS = r"(?:since|from|after|later\sthan|less\sthan)"
_NEAR = r"(?:(?:at\s)?(?:around|about)|at)"
PHRASE = re.compile(
    rf"(?<![\w-])(?:(?:(?:{_BEGINS}|{_ENDS}|{_NEAR}|during|on|in|for|over|within)\s)?(?:{SPAN}|{MOMENT}|{LATELY}))(?![\w-])", re.IGNORECASE
)
BETWEEN = re.compile(rf"(?:between\s({MOMENT})\sand\s({MOMENT})|({MOMENT})\s?(?:to|until|till|–|-)\s({MOMENT}))", re.IGNORECASE)
ON_TIME = re.compile(
    rf"(?:(?P<day>{DATE}|{WORD}|{AGO})(?:(?:,?\s(?:at\s)?|t)(?P<time>{TIME}))?|(?P<time2>{TIME})(?:\s(?:on\s)?(?P<day2>{DATE}|{WORD}))?)"
)
SINCE = re.compile(rf"{_BEGINS}\s")
UNTIL = re.compile(rf"{_ENDS}\s")
THROUGH = re.compile(r"(?:until|till|by|up\sto)\s")
NEAR = re.compile(rf"{_NEAR}\s")
WITHIN = re.compile(r"(?:during|on|in|for|over|within)\s")
AT_HOUR = re.compile(r"at\s\d{1,2}")
