<?xml version="1.0" encoding="UTF-8"?>
<wfs:FeatureCollection xmlns:wfs="http://www.opengis.net/wfs" xmlns:gml="http://www.opengis.net/gml" xmlns:qh="http://quyhoach.example.vn">
<gml:featureMember><qh:thua_dat fid="thua_dat.5"><qh:so_thua>0117</qh:so_thua><qh:the_geom><gml:Polygon srsName="EPSG:4326"><gml:outerBoundaryIs><gml:LinearRing><gml:coordinates decimal="." cs="," ts=" ">107.1,16.8 107.101,16.8 107.101,16.801 107.1,16.8</gml:coordinates></gml:LinearRing></gml:outerBoundaryIs></gml:Polygon></qh:the_geom></qh:thua_dat></gml:featureMember>
</wfs:FeatureCollection>
