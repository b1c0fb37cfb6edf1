listen vonglau
