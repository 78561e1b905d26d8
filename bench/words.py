"""What the benchmark library's names are made of."""

from typing import Final

ADJECTIVES: Final = (
    "Amber", "Ancient", "Blue", "Borrowed", "Bright", "Broken", "Burning", "Crooked", "Crystal", "Distant", "Electric",
    "Empty", "Endless", "Faded", "Fearless", "Frozen", "Gentle", "Golden", "Half", "Hidden", "Hollow", "Hungry",
    "Invisible", "Last", "Little", "Lonely", "Lost", "Lucky", "Marble", "Midnight", "Northern", "Open", "Paper",
    "Patient", "Quiet", "Restless", "Scarlet", "Second", "Secret", "Silver", "Slow", "Small", "Southern", "Strange",
    "Sudden", "Summer", "Tender", "Velvet", "Wandering", "Wild", "Winter", "Wooden",
)  # fmt: skip
NOUNS: Final = (
    "Afternoon", "Animal", "Arcade", "Avenue", "Bell", "Bird", "Boat", "Bridge", "Candle", "Carnival", "Cathedral",
    "City", "Clock", "Coast", "Comet", "Corner", "Dancer", "Desert", "Dream", "Engine", "Feather", "Field", "Fire",
    "Flower", "Forest", "Fountain", "Garden", "Ghost", "Glass", "Harbour", "Heart", "Hill", "Horizon", "House",
    "Island", "Kitchen", "Lantern", "Letter", "Light", "Machine", "Map", "Mirror", "Moon", "Morning", "Mountain",
    "Ocean", "Orchard", "Parade", "Piano", "Planet", "Radio", "Rain", "River", "Road", "Rocket", "Room", "Satellite",
    "Shadow", "Signal", "Skyline", "Snow", "Song", "Spring", "Staircase", "Star", "Station", "Stone", "Storm", "Street",
    "Telephone", "Theatre", "Thunder", "Tide", "Tower", "Train", "Valley", "Violin", "Voice", "Water", "Wave", "Wheel",
    "Window", "Wind", "Wolf",
)  # fmt: skip
FOREIGN: Final = (
    "Город и море", "Тихий вечер", "Белые ночи", "夜の電車", "桜の下で", "月の光", "東京の雨", "春天的花園",
    "大海的聲音", "밤하늘의 별", "서울의 겨울", "مدينة الضوء", "ليل القاهرة", "שיר של ערב", "Λευκή θάλασσα",
    "Νύχτα στην Αθήνα", "ดวงจันทร์สีทอง", "चाँदनी रात", "Sigur Þöll", "Dvořák Žižka", "Gëzim Üñïcødé", "Nguyễn Đêm Trăng",
)  # fmt: skip
GENRES: Final = (
    "Rock", "Pop", "Jazz", "Electronic", "Folk", "Classical", "Hip-Hop", "Soul", "Metal", "Ambient", "Country",
    "Blues", "Reggae", "Punk", "Indie Rock", "Drum & Bass", "House", "Techno", "Singer/Songwriter", "Soundtrack",
)  # fmt: skip
