"""Postman's dynamic variables, `{{$guid}}` and the like -> functions of the language."""

from __future__ import annotations

from kilobar.model.scenario import Text


def _choice(*values: str) -> Text:
    return f"${{random.choice({', '.join(repr(value) for value in values)})}}"


_HEX = "0123456789abcdef"
_FIRST = _choice("Ann", "Ben", "Chloe", "Dan", "Eve", "Finn", "Grace", "Hugo")
_LAST = _choice("Adams", "Baker", "Clark", "Davis", "Evans", "Fisher", "Green", "Hill")
_CITY = _choice("Berlin", "Lima", "Nairobi", "Osaka", "Oslo", "Paris", "Quito", "Toronto")
_STREET = _choice("Oak Street", "Mill Lane", "High Street", "Station Road", "Park Avenue")
_WORD = _choice("amber", "bridge", "cloud", "delta", "ember", "forest", "garden", "harbor")
_SENTENCE = f"{_WORD} {_WORD} {_WORD} {_WORD}."
_COMPANY = f"{_LAST} {_choice('Ltd', 'Inc', 'Group')}"
_DOMAIN = "${random.string(8, 'abcdefghijklmnopqrstuvwxyz')}.example.com"
_BYTE = "${random.int(0, 255)}"
_HEX_BYTE = f"${{random.string(2, '{_HEX}')}}"
_PAIR = f"${{random.string(4, '{_HEX}')}}"

EXACT: dict[str, Text] = {
    "$guid": "${uuid()}",
    "$randomUUID": "${uuid()}",
    "$timestamp": "${now('unix')}",
    "$isoTimestamp": "${now()}",
    "$randomInt": "${random.int(0, 1000)}",
    "$randomBoolean": _choice("true", "false"),
    "$randomAlphaNumeric": "${random.string(1)}",
    "$randomHexadecimal": f"0x${{random.string(1, '{_HEX}')}}",
    "$randomPassword": "${random.string(15)}",
    "$randomEmail": "${random.email()}",
    "$randomExampleEmail": "${random.email()}",
    "$randomIP": ".".join([_BYTE] * 4),
    "$randomIPV6": ":".join([_PAIR] * 8),
    "$randomMACAddress": ":".join([_HEX_BYTE] * 6),
    "$randomHexColor": f"#${{random.string(6, '{_HEX}')}}",
    "$randomPrice": "${random.float(0, 1000, 2)}",
    "$randomBankAccount": "${random.string(8, '0123456789')}",
    "$randomCreditCardMask": "${random.string(4, '0123456789')}",
    "$randomSemver": "${random.int(0, 9)}.${random.int(0, 9)}.${random.int(0, 9)}",
    "$randomLatitude": "${random.float(-90, 90, 4)}",
    "$randomLongitude": "${random.float(-180, 180, 4)}",
    "$randomProtocol": _choice("http", "https"),
}
"""Functions that draw from the same values."""

ALIKE: dict[str, Text] = {
    "$randomFirstName": _FIRST,
    "$randomLastName": _LAST,
    "$randomFullName": f"{_FIRST} {_LAST}",
    "$randomUserName": "${random.string(10)}",
    "$randomCity": _CITY,
    "$randomCountry": _choice("Brazil", "Canada", "France", "Japan", "Kenya", "Norway", "Peru"),
    "$randomCountryCode": _choice("BR", "CA", "FR", "JP", "KE", "NO", "PE"),
    "$randomLocale": _choice("en", "de", "fr", "ja", "pt"),
    "$randomCurrencyCode": _choice("EUR", "JPY", "USD", "CHF"),
    "$randomStreetName": _STREET,
    "$randomStreetAddress": f"${{random.int(1, 200)}} {_STREET}",
    "$randomPhoneNumber": "555-${random.string(3, '0123456789')}-${random.string(4, '0123456789')}",
    "$randomCompanyName": _COMPANY,
    "$randomJobTitle": _choice("Engineer", "Designer", "Analyst", "Manager"),
    "$randomColor": _choice("red", "green", "blue", "white", "black"),
    "$randomProduct": _choice("Chair", "Table", "Lamp", "Shirt"),
    "$randomProductName": f"{_choice('Small', 'Large', 'Fine')} {_choice('Chair', 'Table', 'Lamp', 'Shirt')}",
    "$randomDepartment": _choice("Books", "Garden", "Music", "Toys"),
    "$randomWord": _WORD,
    "$randomNoun": _WORD,
    "$randomWords": f"{_WORD} {_WORD} {_WORD}",
    "$randomLoremWord": _WORD,
    "$randomLoremWords": f"{_WORD} {_WORD} {_WORD}",
    "$randomLoremSentence": _SENTENCE,
    "$randomLoremText": _SENTENCE,
    "$randomLoremParagraph": f"{_SENTENCE} {_SENTENCE} {_SENTENCE}",
    "$randomPhrase": _SENTENCE,
    "$randomDomainName": _DOMAIN,
    "$randomDomainWord": _WORD,
    "$randomUrl": f"http://{_DOMAIN}",
    "$randomUserAgent": "Mozilla/5.0 (X11; Linux x86_64) ${random.string(8)}",
    "$randomFileName": "${random.string(8)}.txt",
    "$randomImageUrl": f"http://{_DOMAIN}/image.png",
    "$randomDateFuture": "${time.add(now(), '30d')}",
    "$randomDatePast": "${time.add(now(), '-30d')}",
    "$randomDateRecent": "${time.add(now(), '-1h')}",
    "$randomMonth": _choice("January", "April", "July", "October"),
    "$randomWeekday": _choice("Monday", "Wednesday", "Friday"),
    "$randomAbbreviation": _choice("HTTP", "SQL", "TCP", "XML"),
}
"""Functions that draw from a shorter list than Postman's."""
