"""Units of NGSI-LD: UN/CEFACT Recommendation 20 common codes, as Smart Data Models use them, to UCUM."""

from __future__ import annotations

from collections.abc import Mapping

CEFACT: Mapping[str, str] = {
    # temperature, pressure
    "CEL": "Cel", "FAH": "[degF]", "KEL": "K", "A97": "hPa", "PAL": "Pa", "KPA": "kPa", "MPA": "MPa", "BAR": "bar",
    "MBR": "mbar",
    # length, area, volume
    "MTR": "m", "KMT": "km", "DMT": "dm", "CMT": "cm", "MMT": "mm", "MTK": "m2", "KMK": "km2", "HAR": "har",
    "MTQ": "m3", "LTR": "L", "MLT": "mL", "DMQ": "dm3", "CMQ": "cm3",
    # flow, speed, rain
    "MQH": "m3/h", "MQS": "m3/s", "G51": "L/s", "L2": "L/min", "E32": "L/h", "MTS": "m/s", "KMH": "km/h",
    "KNT": "[kn_i]", "H67": "mm/h",
    # mass, concentration
    "KGM": "kg", "GRM": "g", "MGM": "mg", "MC": "ug", "TNE": "t", "GQ": "ug/m3", "GP": "mg/m3", "M1": "mg/L",
    "GL": "g/L", "KMQ": "kg/m3", "59": "[ppm]", "61": "[ppb]", "P1": "%", "Q30": "1",
    # electricity, light, sound
    "WTT": "W", "KWT": "kW", "MAW": "MW", "WHR": "W.h", "KWH": "kW.h", "MWH": "MW.h", "VLT": "V", "KVT": "kV",
    "2Z": "mV", "AMP": "A", "4K": "mA", "AMH": "A.h", "OHM": "Ohm", "D46": "V.A", "KVA": "kV.A", "HTZ": "Hz",
    "KHZ": "kHz", "JOU": "J", "LUX": "lx", "LUM": "lm", "CDL": "cd", "2N": "dB", "D54": "W/m2", "G42": "uS/cm",
    "H61": "mS/cm",
    # angle, time, count
    "DD": "deg", "C81": "rad", "SEC": "s", "C26": "ms", "MIN": "min", "HUR": "h", "DAY": "d", "WEE": "wk",
    "MON": "mo", "ANN": "a", "C62": "1", "EA": "1", "H87": "1",
}  # fmt: skip
