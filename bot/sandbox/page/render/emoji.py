"""The common emoji short codes. One that is not here shows as it was typed, as on Slack."""

from __future__ import annotations

from typing import Final

_LINES: Final = """
+1 👍|thumbsup 👍|-1 👎|thumbsdown 👎|heart ❤️|tada 🎉|eyes 👀|rocket 🚀|wave 👋|pray 🙏
clap 👏|ok_hand 👌|raised_hands 🙌|muscle 💪|point_right 👉|smile 😄
slightly_smiling_face 🙂|grinning 😀|joy 😂|wink 😉|blush 😊|thinking_face 🤔|sweat_smile 😅
cry 😢|sob 😭|relieved 😌|sunglasses 😎|scream 😱|neutral_face 😐|upside_down_face 🙃|zzz 💤
sleeping 😴|coffee ☕|tea 🍵|herb 🌿|seedling 🌱|four_leaf_clover 🍀|leaves 🍃|sunny ☀️
partly_sunny ⛅|cloud ☁️|rain_cloud 🌧️|thunder_cloud_and_rain ⛈️|snowflake ❄️|ocean 🌊
rainbow 🌈|crescent_moon 🌙|star ⭐|sparkles ✨|zap ⚡|fire 🔥|droplet 💧|earth_africa 🌍
white_check_mark ✅|heavy_check_mark ✔️|ballot_box_with_check ☑️|x ❌
negative_squared_cross_mark ❎|warning ⚠️|no_entry ⛔|no_entry_sign 🚫|question ❓
grey_question ❔|exclamation ❗|information_source ℹ️|bulb 💡|bell 🔔|no_bell 🔕|mute 🔇
loud_sound 🔊|mega 📣|lock 🔒|unlock 🔓|key 🔑|shield 🛡️|large_green_circle 🟢
large_yellow_circle 🟡|large_orange_circle 🟠|red_circle 🔴|large_blue_circle 🔵
large_purple_circle 🟣|white_circle ⚪|black_circle ⚫|large_green_square 🟩
large_yellow_square 🟨|large_orange_square 🟧|large_red_square 🟥|large_blue_square 🟦
white_large_square ⬜|black_large_square ⬛|small_blue_diamond 🔹|small_orange_diamond 🔸
arrow_up ⬆️|arrow_down ⬇️|arrow_right ➡️|arrow_left ⬅️|arrow_forward ▶️
leftwards_arrow_with_hook ↩️|repeat 🔁|arrows_counterclockwise 🔄
twisted_rightwards_arrows 🔀|chart_with_upwards_trend 📈|chart_with_downwards_trend 📉
bar_chart 📊|clipboard 📋|memo 📝|pencil2 ✏️|mag 🔍|mag_right 🔎|link 🔗|pushpin 📌
round_pushpin 📍|paperclip 📎|calendar 📆|date 📅|spiral_calendar_pad 🗓️|clock3 🕒
clock9 🕘|hourglass ⌛|hourglass_flowing_sand ⏳|stopwatch ⏱️|alarm_clock ⏰|watch ⌚
hammer 🔨|wrench 🔧|hammer_and_wrench 🛠️|gear ⚙️|nut_and_bolt 🔩|toolbox 🧰
construction 🚧|building_construction 🏗️|classical_building 🏛️|house 🏠|office 🏢
package 📦|inbox_tray 📥|outbox_tray 📤|file_folder 📁|open_file_folder 📂
page_facing_up 📄|books 📚|book 📖|newspaper 📰|label 🏷️|email 📧|speech_balloon 💬
thought_balloon 💭|robot_face 🤖|ghost 👻|bust_in_silhouette 👤|busts_in_silhouette 👥
computer 💻|desktop_computer 🖥️|floppy_disk 💾|cd 💿|satellite_antenna 📡|electric_plug 🔌
battery 🔋|whale 🐳|octopus 🐙|snail 🐌|turtle 🐢|bug 🐛|bee 🐝|one 1️⃣|two 2️⃣|three 3️⃣
four 4️⃣|five 5️⃣|six 6️⃣|100 💯|rotating_light 🚨|ambulance 🚑|fire_engine 🚒
checkered_flag 🏁|triangular_flag_on_post 🚩|white_flag 🏳️|sos 🆘|new 🆕|up 🆙|ok 🆗
recycle ♻️|infinity ♾️|wastebasket 🗑️|broom 🧹|test_tube 🧪|microscope 🔬|telescope 🔭
compass 🧭|world_map 🗺️|anchor ⚓|heavy_plus_sign ➕|heavy_minus_sign ➖
heavy_multiplication_x ✖️|black_square_for_stop ⏹️|double_vertical_bar ⏸️
black_circle_for_record ⏺️|dart 🎯|gift 🎁|balloon 🎈
"""

EMOJI: Final[dict[str, str]] = {
    name: sign for line in _LINES.split("\n") for pair in line.split("|") if pair for name, sign in [pair.split(" ")]
}
