"""What bulletins say, in the manner of Vietnamese met offices. Every word and number is invented."""

from __future__ import annotations

from datetime import datetime

from sources.simulator.bulletin import Words
from sources.simulator.clock import LOCAL
from sources.simulator.met_cast import Office, River

SEVERITIES = {1: "Minor", 2: "Moderate", 3: "Severe", 4: "Extreme"}
RAIN_MM = {1: ("40–80", "120"), 2: ("80–150", "200"), 3: ("150–250", "400")}
GUSTS = {1: ("6", "7–8", "2,0–3,0"), 2: ("7", "8–9", "3,0–4,5"), 3: ("8", "10", "4,0–6,0")}


def clock(t: float) -> str:
    """15 giờ ngày 21/11."""
    local = datetime.fromtimestamp(t, LOCAL)
    return f"{local.hour} giờ {f'{local.minute:02d} ' if local.minute else ''}ngày {local.day:02d}/{local.month:02d}"


def metres(value: float) -> str:
    return f"{value:.2f}".replace(".", ",")


def rain(office: Office, level: int, sent: float) -> Words:
    common, most = RAIN_MM[level]
    return Words(
        event="Mưa lớn",
        headline=f"Tin {'cảnh báo' if level == 1 else 'dự báo'} mưa lớn trên khu vực {office.place_vi}",
        description=(
            f"Từ {clock(sent)}, khu vực {office.place_vi} có mưa vừa, mưa to, có nơi mưa rất to và dông. Lượng "
            "mưa trong 12 "
            f"giờ tới phổ biến {common} mm, cục bộ có nơi trên {most} mm. Trong mưa dông có khả năng xảy ra "
            "lốc, sét và gió "
            f"giật mạnh. Cấp độ rủi ro thiên tai do mưa lớn: cấp {level}."
        ),
        instruction=(
            "Đề phòng lũ quét, sạt lở đất ở vùng núi, ngập úng ở vùng trũng thấp và đô thị; khơi thông cống "
            "rãnh, theo dõi các "
            "bản tin tiếp theo."
        ),
        area=office.place_vi[:1].upper() + office.place_vi[1:],
    )


def rain_en(office: Office, level: int) -> Words:
    common, most = RAIN_MM[level]
    return Words(
        event="Heavy rain",
        headline=f"Heavy rain over {office.place_en}",
        description=f"{common} mm in the next 12 hours, locally above {most} mm. Disaster risk level {level}.",
        instruction="Beware of flash floods, landslides and flooded low ground; follow further bulletins.",
        area=office.place_en,
    )


def flood(river: River, gauge: str, alarm: int, now_m: float, peak_m: float, sent: float) -> Words:
    urgent = "Tin lũ khẩn cấp" if alarm > 1 else "Tin cảnh báo lũ"
    ahead = (
        f"có khả năng đạt {metres(peak_m)} m, trên mức báo động {alarm}"
        if peak_m > now_m + 0.05
        else f"xuống dần, vẫn ở trên mức báo động {alarm}"
    )
    return Words(
        event=f"Lũ trên {river.name_vi}",
        headline=f"{urgent} trên {river.name_vi}",
        description=(
            f"Mực nước {river.name_vi} tại trạm {gauge} lúc {clock(sent)} là {metres(now_m)} m. Trong 6 đến 12 "
            "giờ tới, mực nước "
            f"{ahead}. Nguy cơ ngập lụt vùng trũng thấp ven sông và các khu "
            f"đô thị. Cấp độ rủi ro thiên tai do lũ: cấp {alarm}."
        ),
        instruction=(
            "Không đi qua ngầm, tràn, đường ngập; di chuyển người và tài sản ở vùng trũng thấp đến nơi an toàn; "
            "sẵn sàng sơ tán "
            "khi có lệnh."
        ),
        area=f"Vùng ven và hạ lưu {river.name_vi}",
    )


def flood_en(river: River, alarm: int, peak_m: float) -> Words:
    return Words(
        event="Flood",
        headline=f"Flood on {river.name_en}, alarm level {alarm}",
        description=f"The river may reach {peak_m:.2f} m within 6 to 12 hours. Disaster risk level {alarm}.",
        instruction="Do not cross flooded roads; be ready to leave low ground.",
        area=f"Banks of {river.name_en}",
    )


def landslide(office: Office, level: int, sent: float) -> Words:
    return Words(
        event="Lũ quét, sạt lở đất",
        headline=f"Tin cảnh báo lũ quét, sạt lở đất {office.slopes_vi}",
        description=(
            f"Độ ẩm đất ở {office.slopes_vi} đã bão hòa. Từ {clock(sent)} đến 6 giờ tới, nguy cơ xảy ra lũ quét "
            "trên các sông, suối "
            "nhỏ, sạt lở đất trên sườn dốc và các tuyến đường. Cấp độ rủi ro thiên tai do lũ quét, sạt lở đất: "
            f"cấp {level}."
        ),
        instruction="Rời khỏi sườn dốc, ven suối; không qua đoạn đường có nguy cơ sạt lở; theo hướng dẫn địa phương.",
        area=office.slopes_vi[:1].upper() + office.slopes_vi[1:],
    )


def landslide_en(office: Office, level: int) -> Words:
    return Words(
        event="Flash flood, landslide",
        headline=f"Flash floods and landslides in {office.slopes_en}",
        description=f"The ground is saturated; slopes may fail in the next 6 hours. Disaster risk level {level}.",
        instruction="Leave slopes and stream banks.",
        area=office.slopes_en,
    )


def sea(office: Office, level: int, shelter: bool) -> Words:
    wind, gust, waves = GUSTS[level]
    call = " Kêu gọi tàu thuyền vào nơi tránh trú an toàn." if shelter else ""
    return Words(
        event="Gió mạnh trên biển",
        headline=f"Tin {'gió mạnh, sóng lớn' if level > 1 else 'cảnh báo gió mạnh'} trên {office.sea_vi}",
        description=(
            f"Ở {office.sea_vi} có gió đông bắc mạnh cấp {wind}, giật cấp {gust}, biển động, sóng cao {waves} "
            f"m.{call} Cấp độ rủi ro "
            f"thiên tai do gió mạnh trên biển: cấp {level}."
        ),
        instruction=(
            "Tàu thuyền khẩn trương vào bờ, neo đậu chắc chắn; không ra khơi; giữ liên lạc với đài bờ."
            if shelter
            else "Tàu thuyền đang hoạt động chú ý phòng tránh; tàu nhỏ không nên ra khơi."
        ),
        area=office.sea_vi[:1].upper() + office.sea_vi[1:],
    )


def sea_en(office: Office, level: int, shelter: bool) -> Words:
    return Words(
        event="Strong wind at sea",
        headline=f"Strong wind on {office.sea_en}{': vessels return to shelter' if shelter else ''}",
        description=f"Wind force {GUSTS[level][0]}, gusts {GUSTS[level][1]}. Disaster risk level {level}.",
        instruction="Vessels return to port and moor." if shelter else "Small boats should stay in port.",
        area=office.sea_en[:1].upper() + office.sea_en[1:],
    )


def thunder(where: str, sent: float) -> tuple[Words, Words]:
    vi = Words(
        event="Dông, lốc, sét, mưa đá",
        headline=f"Tin cảnh báo dông, lốc, sét khu vực {where}",
        description=(
            f"Ảnh mây vệ tinh và ra-đa lúc {clock(sent)} cho thấy vùng mây đối lưu đang phát triển. Trong 30 "
            "phút đến 3 giờ tới, "
            f"khu vực {where} và lân cận có mưa rào và dông; đề phòng lốc, sét, mưa đá và gió giật mạnh. Cấp độ "
            "rủi ro thiên tai "
            "do lốc, sét, mưa đá: cấp 1."
        ),
        instruction="Ở trong nhà chắc chắn, tránh xa cây cao, cột điện, biển quảng cáo.",
        area=f"{where} và lân cận",
    )
    en = Words(
        event="Thunderstorm",
        headline=f"Thunderstorm near {where}",
        description="Showers and thunderstorms within 30 minutes to 3 hours. Disaster risk level 1.",
        instruction="Stay indoors, away from trees and masts.",
        area=f"{where} and around",
    )
    return vi, en


def exercise(office: Office) -> tuple[Words, Words]:
    vi = Words(
        event="Xả lũ hồ chứa",
        headline=f"DIỄN TẬP: thông báo xả lũ hồ chứa thượng nguồn, {office.place_vi}",
        description="Đây là bản tin diễn tập truyền tin cảnh báo. Không có xả lũ trên thực tế.",
        instruction="Diễn tập: không cần thực hiện hành động nào.",
        area=office.place_vi[:1].upper() + office.place_vi[1:],
    )
    en = Words(
        event="Reservoir release",
        headline=f"EXERCISE: reservoir release, {office.place_en}",
        description="This is an exercise.",
        instruction="No action is needed.",
        area=office.place_en,
    )
    return vi, en
