package catalog

// The texts that fill slots. None holds a comma, a brace or another text of its list as a part, so
// that lists of them are said without doubt.

var cities = []string{
	"Amsterdam", "Athens", "Bangkok", "Barcelona", "Berlin", "Bogota", "Boston", "Brussels", "Budapest", "Cairo",
	"Chicago", "Copenhagen", "Denver", "Dublin", "Geneva", "Hamburg", "Helsinki", "Istanbul", "Jakarta", "Kyoto",
	"Lagos", "Lima", "Lisbon", "London", "Madrid", "Manila", "Melbourne", "Miami", "Milan", "Montreal",
	"Mumbai", "Munich", "Nairobi", "Naples", "Osaka", "Oslo", "Paris", "Porto", "Prague", "Rome",
	"Santiago", "Seattle", "Seoul", "Singapore", "Stockholm", "Sydney", "Tokyo", "Toronto", "Vienna", "Warsaw",
}

var countries = []string{
	"Argentina", "Australia", "Austria", "Brazil", "Canada", "Chile", "Denmark", "Egypt", "Finland", "France",
	"Germany", "Greece", "India", "Indonesia", "Ireland", "Italy", "Japan", "Kenya", "Mexico", "Morocco",
	"Nepal", "Norway", "Peru", "Poland", "Portugal", "Spain", "Sweden", "Thailand", "Turkey", "Vietnam",
}

var currencyCodes = []string{"USD", "EUR", "GBP", "JPY", "CHF", "CAD", "AUD", "INR", "SEK", "PLN"}
var currencyNames = []string{
	"US dollars", "euros", "British pounds", "Japanese yen", "Swiss francs",
	"Canadian dollars", "Australian dollars", "Indian rupees", "Swedish kronor", "Polish zloty",
}

var symbols = []string{"AAPL", "AMZN", "ASML", "BMW", "DIS", "GOOGL", "IBM", "INTC", "KO", "META", "MSFT", "NFLX", "NKE", "NVDA", "ORCL", "PEP", "SAP", "SONY", "TSLA", "WMT"}

var people = []string{
	"Alice", "Amir", "Bianca", "Carlos", "Chen", "Diana", "Elif", "Farid", "Grace", "Hugo",
	"Ingrid", "Jonas", "Keiko", "Lena", "Marco", "Nadia", "Omar", "Priya", "Rosa", "Samuel",
	"Tomas", "Uma", "Victor", "Wanda", "Yusuf", "Zoe",
}

var emails = []string{
	"alice.moore@example.com", "amir.haddad@example.com", "bianca.rossi@example.com", "carlos.diaz@example.org",
	"chen.wei@example.org", "diana.frost@example.com", "elif.kaya@example.net", "grace.obi@example.net",
	"hugo.lindt@example.com", "keiko.sato@example.org", "lena.vogt@example.com", "marco.bruni@example.net",
	"nadia.petrov@example.org", "omar.farouk@example.com", "priya.nair@example.net", "rosa.lopez@example.com",
}

var doctors = []string{"Dr. Adams", "Dr. Baker", "Dr. Costa", "Dr. Dubois", "Dr. Evans", "Dr. Fischer", "Dr. Gupta", "Dr. Hansen", "Dr. Ito", "Dr. Jensen"}

var medications = []string{"amoxicillin", "aspirin", "atorvastatin", "cetirizine", "ibuprofen", "insulin", "levothyroxine", "lisinopril", "metformin", "omeprazole", "paracetamol", "warfarin"}

var eventTitles = []string{
	"Budget review", "Design workshop", "Dentist visit", "Team lunch", "Project kickoff", "Sales call", "Yoga class",
	"Board meeting", "Book club", "Piano lesson", "Security training", "Release planning", "Parents evening", "Job interview",
}

var errands = []string{
	"buy milk", "call the bank", "pay the rent", "water the plants", "pick up the laundry", "renew the passport",
	"feed the cat", "charge the car", "send the invoice", "book the dentist", "return the books", "take out the trash",
}

var songs = []string{
	"Blue Harbour", "City of Glass", "Golden Hour", "Midnight Train", "Northern Lights", "Paper Boats", "Quiet Storm",
	"River Song", "Silver Moon", "Summer Rain", "Velvet Sky", "Winter Garden",
}

var artists = []string{"Ana Torres", "The Lanterns", "Miles Okoro", "Green Valley Band", "Sofia Lind", "Night Ferry", "Tom Archer", "Echo Parade"}

var genres = []string{"comedy", "drama", "thriller", "horror", "romance", "western", "animation", "documentary", "fantasy", "mystery"}

var fileNames = []string{
	"report.pdf", "budget.xlsx", "notes.txt", "photo.jpg", "slides.pptx", "invoice.pdf", "contract.docx", "data.csv",
	"backup.zip", "thesis.tex", "recipe.md", "song.mp3", "logo.png", "config.yaml", "minutes.docx",
}

var folders = []string{"/archive", "/clients", "/downloads", "/holiday", "/invoices", "/music", "/photos", "/projects", "/shared", "/taxes"}

var rooms = []string{"kitchen", "bedroom", "bathroom", "hallway", "office", "garage", "nursery", "attic", "living room", "dining room"}

var ingredients = []string{"tomatoes", "rice", "chicken", "spinach", "lentils", "potatoes", "salmon", "mushrooms", "eggs", "pasta", "beans", "zucchini", "tofu", "carrots"}

var toppings = []string{"olives", "onions", "ham", "basil", "peppers", "pineapple", "artichokes", "mozzarella", "salami", "corn"}

var restaurants = []string{"Bella Vista", "Blue Lotus", "Casa Verde", "Golden Dragon", "Harbour Grill", "La Fontaine", "Mango Tree", "Old Mill", "Saffron House", "The Oak Room"}

var streets = []string{"12 Elm Street", "7 Baker Lane", "48 Hill Road", "3 Station Square", "150 Lake Avenue", "29 Garden Row", "86 Mill Street", "5 Castle Court", "231 Park Drive", "64 River Walk"}

var teams = []string{"Red Falcons", "Blue Sharks", "City Rovers", "Iron Bears", "Golden Eagles", "River Hawks", "Desert Foxes", "North Stars", "Harbour United", "Valley Wolves"}

var words = []string{"gratitude", "resilience", "harmony", "curious", "ephemeral", "diligent", "serene", "candid", "novel", "vivid", "brisk", "humble", "ardent", "lucid"}

var phrases = []string{"good morning", "where is the station", "thank you very much", "see you tomorrow", "how much does it cost", "happy birthday", "the soup is cold", "I am lost", "nice to meet you", "have a safe trip"}

var languages = []string{"French", "German", "Spanish", "Italian", "Japanese", "Portuguese", "Dutch", "Polish", "Turkish", "Korean"}

var elements = []string{"hydrogen", "helium", "carbon", "nitrogen", "oxygen", "sodium", "iron", "copper", "silver", "gold", "mercury", "lead", "neon", "zinc", "calcium"}

var repositories = []string{"web-app", "billing-api", "mobile-client", "data-pipeline", "docs-site", "auth-service", "search-index", "design-system"}

var bugs = []string{"Login page is slow", "Crash on startup", "Broken link in footer", "Wrong total in cart", "Typo in welcome mail", "Missing dark mode", "Search returns no results", "Upload fails on Safari"}

var labels = []string{"bug", "urgent", "frontend", "backend", "security", "performance", "regression", "usability"}

var servers = []string{"web-01", "web-02", "db-01", "cache-03", "mail-02", "build-07", "proxy-04", "queue-05", "db-02", "cache-01", "mail-05", "build-03", "proxy-09", "search-06", "queue-08", "vpn-04"}

var tables = []string{"customers", "invoices", "products", "shipments", "employees", "payments"}

var columns = []string{"country", "status", "category", "region", "owner", "priority"}

var cellValues = []string{"active", "pending", "closed", "north", "premium", "internal", "overdue", "draft"}
