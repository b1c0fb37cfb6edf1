<?xml version="1.0" encoding="UTF-8"?>
<wfs:FeatureCollection xmlns:wfs="http://www.opengis.net/wfs/2.0" xmlns:gml="http://www.opengis.net/gml/3.2" xmlns:qh="http://quyhoach.example.vn" xmlns:xlink="http://www.w3.org/1999/xlink" numberMatched="1" numberReturned="1" timeStamp="2026-11-21T01:30:00Z">
<wfs:member><qh:du_an gml:id="du_an.9"><qh:ten>Không vị trí</qh:ten></qh:du_an></wfs:member>
</wfs:FeatureCollection>
