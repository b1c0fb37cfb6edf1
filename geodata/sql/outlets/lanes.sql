select distinct outlet from delivery where state = 'waiting' order by outlet
